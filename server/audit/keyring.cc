#include "server/audit/keyring.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "server/audit/aead.h"
#include "server/base/hex.h"
#include "server/base/secret.h"
#include "server/base/sha256.h"

namespace plumbline::audit {
namespace {

constexpr size_t kKeyIdBytes = 8;
constexpr uint8_t kWrapVersion = 1;
// version, id of the master key, nonce, ciphertext, tag; zeros up to kWrappedKeyBytes.
constexpr size_t kIdOffset = 1;
constexpr size_t kNonceOffset = kIdOffset + kKeyIdBytes;
constexpr size_t kSealedOffset = kNonceOffset + kAeadNonceBytes;
constexpr size_t kWrappedEnd = kSealedOffset + kRecordKeyBytes + kAeadTagBytes;
static_assert(kWrappedEnd <= store::kWrappedKeyBytes);

constexpr off_t kMaxFileBytes = 64 << 10;

MasterKeyId IdOf(const AeadKey& key) {
  Sha256 sha;
  sha.Update("plumbline-master-key/v1");
  sha.Update(absl::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
  return ToHex(sha.Finish()).substr(0, 2 * kKeyIdBytes);
}

absl::string_view AssociatedData(const Uuid& record) {
  return absl::string_view(reinterpret_cast<const char*>(record.bytes.data()), record.bytes.size());
}

absl::Status WrongLine(size_t line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("master keys, line ", line, ": ", what));
}

// Memory with keys in it, wiped at the end of its scope.
class WipedText {
 public:
  WipedText() = default;
  WipedText(const WipedText&) = delete;
  WipedText& operator=(const WipedText&) = delete;
  ~WipedText() { Zeroise(text); }

  std::string text;
};

// Reads an open file that CheckPrivate has let through.
absl::Status ReadAll(int file, const std::string& path, off_t size, std::string& text) {
  text.resize(static_cast<size_t>(size));
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = read(file, text.data() + done, text.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return absl::UnavailableError(absl::StrCat(path, ": cannot be read"));
    done += static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

absl::Status CheckPrivate(const struct stat& info, const std::string& path) {
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": is not a file"));
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s: others than its owner may read or write it (mode %04o): chmod 600",
                        path, info.st_mode & 07777));
  }
  if (info.st_uid != geteuid() && info.st_uid != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": belongs to user ", info.st_uid, ", not to this one"));
  }
  if (info.st_size > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": larger than 64 KiB"));
  }
  return absl::OkStatus();
}

}  // namespace

struct Keyring::Rep {
  struct MasterKey {
    MasterKeyId id;
    std::array<uint8_t, kKeyIdBytes> id_bytes{};
    AeadKey key{};
  };

  Rep() = default;
  Rep(const Rep&) = delete;
  Rep& operator=(const Rep&) = delete;
  ~Rep() {
    for (MasterKey& key : keys) Zeroise(absl::MakeSpan(key.key));
  }

  const MasterKey* Find(absl::Span<const uint8_t> id_bytes) const {
    for (const MasterKey& key : keys) {
      if (absl::MakeConstSpan(key.id_bytes) == id_bytes) return &key;
    }
    return nullptr;
  }
  absl::Status Add(absl::string_view digits, size_t line);

  std::vector<MasterKey> keys;
};

absl::Status Keyring::Rep::Add(absl::string_view digits, size_t line) {
  absl::StatusOr<std::string> decoded = DecodeHex(digits);
  WipedText bytes;
  if (decoded.ok()) bytes.text.swap(*decoded);
  if (bytes.text.size() != kAeadKeyBytes) {
    return WrongLine(line, "must be 64 hexadecimal digits (openssl rand -hex 32 makes such a key)");
  }
  if (std::all_of(digits.begin(), digits.end(), [&](char c) { return c == digits[0]; })) {
    return WrongLine(line, "64 equal digits are no key");
  }
  MasterKey added;
  std::copy(bytes.text.begin(), bytes.text.end(), added.key.begin());
  added.id = IdOf(added.key);
  const std::string id_bytes = *DecodeHex(added.id);
  std::copy(id_bytes.begin(), id_bytes.end(), added.id_bytes.begin());
  const bool known = Find(added.id_bytes) != nullptr;
  if (!known) keys.push_back(added);
  Zeroise(absl::MakeSpan(added.key));
  if (known) return WrongLine(line, absl::StrCat("repeats the key with id ", added.id));
  return absl::OkStatus();
}

Keyring::Keyring(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Keyring::~Keyring() = default;

absl::StatusOr<std::unique_ptr<Keyring>> Keyring::FromText(absl::string_view text) {
  auto rep = std::make_unique<Rep>();
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  rep->keys.reserve(lines.size());  // no copies of keys left behind by growing
  for (size_t i = 0; i < lines.size(); ++i) {
    const absl::string_view line = absl::StripAsciiWhitespace(
        lines[i].substr(0, std::min(lines[i].find('#'), lines[i].size())));
    if (line.empty()) continue;
    if (const absl::Status status = rep->Add(line, i + 1); !status.ok()) return status;
  }
  if (rep->keys.empty()) {
    return absl::InvalidArgumentError(
        "master keys: none given; at least one line of 64 hexadecimal digits is needed");
  }
  return std::unique_ptr<Keyring>(new Keyring(std::move(rep)));
}

absl::StatusOr<std::unique_ptr<Keyring>> Keyring::FromFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return absl::ErrnoToStatus(errno, absl::StrCat("master keys: cannot open ", path));
  struct stat info {};
  absl::Status status;
  WipedText keys;
  if (fstat(file, &info) != 0) {
    status = absl::ErrnoToStatus(errno, absl::StrCat("master keys: ", path));
  } else if (status = CheckPrivate(info, path); status.ok()) {
    status = ReadAll(file, path, info.st_size, keys.text);
  }
  close(file);
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Keyring>> keyring = FromText(keys.text);
  if (keyring.ok()) return keyring;
  return absl::Status(keyring.status().code(),
                      absl::StrCat(path, ": ", std::string(keyring.status().message())));
}

absl::StatusOr<std::unique_ptr<Keyring>> Keyring::FromEnvironment(const char* variable) {
  const char* const value = std::getenv(variable);
  if (value == nullptr) {
    return absl::NotFoundError(absl::StrCat("master keys: ", variable, " is not set"));
  }
  WipedText keys;
  keys.text = absl::StrReplaceAll(value, {{",", "\n"}});
  return FromText(keys.text);
}

const MasterKeyId& Keyring::current_id() const { return rep_->keys.back().id; }

std::vector<MasterKeyId> Keyring::ids() const {
  std::vector<MasterKeyId> ids;
  for (const Rep::MasterKey& key : rep_->keys) ids.push_back(key.id);
  return ids;
}

store::WrappedKey Keyring::Wrap(const RecordKey& key, const Uuid& record,
                                RandomSource& random) const {
  const Rep::MasterKey& master = rep_->keys.back();
  AeadNonce nonce;
  random.Fill(absl::MakeSpan(nonce));
  const std::string sealed =
      AeadSeal(master.key, nonce, AssociatedData(record),
               absl::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
  store::WrappedKey wrapped{};
  wrapped[0] = kWrapVersion;
  std::copy(master.id_bytes.begin(), master.id_bytes.end(), wrapped.begin() + kIdOffset);
  std::copy(nonce.begin(), nonce.end(), wrapped.begin() + kNonceOffset);
  std::copy(sealed.begin(), sealed.end(), wrapped.begin() + kSealedOffset);
  return wrapped;
}

absl::StatusOr<RecordKey> Keyring::Unwrap(const store::WrappedKey& wrapped,
                                          const Uuid& record) const {
  absl::StatusOr<MasterKeyId> id = WrappedBy(wrapped);
  if (!id.ok()) return id.status();
  const Rep::MasterKey* const master =
      rep_->Find(absl::MakeConstSpan(wrapped).subspan(kIdOffset, kKeyIdBytes));
  if (master == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("wrapped by the master key ", *id, ", which is not in the keyring"));
  }
  AeadNonce nonce;
  std::copy_n(wrapped.begin() + kNonceOffset, nonce.size(), nonce.begin());
  WipedText plain;
  if (!AeadOpen(master->key, nonce, AssociatedData(record),
                absl::string_view(reinterpret_cast<const char*>(wrapped.data()) + kSealedOffset,
                                  kRecordKeyBytes + kAeadTagBytes),
                plain.text)) {
    return absl::DataLossError("the wrapped key was changed, or is another record's");
  }
  RecordKey key;
  std::copy(plain.text.begin(), plain.text.end(), key.begin());
  return key;
}

absl::StatusOr<MasterKeyId> Keyring::WrappedBy(const store::WrappedKey& wrapped) {
  if (wrapped[0] != kWrapVersion) {
    return absl::DataLossError(
        absl::StrCat("the wrapped key has version ", wrapped[0], ", not ", kWrapVersion));
  }
  if (std::any_of(wrapped.begin() + kWrappedEnd, wrapped.end(),
                  [](uint8_t byte) { return byte != 0; })) {
    return absl::DataLossError("the wrapped key does not end in zeros");
  }
  return EncodeHex(
      absl::string_view(reinterpret_cast<const char*>(wrapped.data()) + kIdOffset, kKeyIdBytes));
}

}  // namespace plumbline::audit
