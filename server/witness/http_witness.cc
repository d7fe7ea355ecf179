#include "server/witness/http_witness.h"

#include <curl/curl.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <utility>

#include "absl/base/call_once.h"
#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

namespace plumbline::witness {
namespace {

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

// How often a question looks whether it was cancelled, should the wake-up be lost.
constexpr int kPollMs = 500;

// Keeps SIGPIPE from the calling thread for as long as it lives: OpenSSL writes to sockets without
// asking for none, and a peer may close one at any time.
class PipeSignalBlock {
 public:
  PipeSignalBlock() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  PipeSignalBlock(const PipeSignalBlock&) = delete;
  PipeSignalBlock& operator=(const PipeSignalBlock&) = delete;
  ~PipeSignalBlock() {
    const timespec at_once{};
    while (!was_pending_ && sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

bool InitializeCurl() {
  static absl::once_flag once;
  static bool good = false;
  absl::call_once(once, [] { good = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; });
  return good;
}

size_t TakeBytes(char* bytes, size_t size, size_t count, void* answer) {
  std::string& body = static_cast<audit::HttpAnswer*>(answer)->body;
  if (body.size() + size * count > kMaxAnswerBytes) return 0;  // ends the transfer
  body.append(bytes, size * count);
  return size * count;
}

absl::Status ToStatus(CURLcode code, const std::string& url, absl::string_view detail) {
  const std::string message =
      absl::StrCat(url, ": ", detail.empty() ? curl_easy_strerror(code) : detail);
  switch (code) {
    case CURLE_OK:
      return absl::OkStatus();
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(message);
    case CURLE_PEER_FAILED_VERIFICATION:
      return absl::UnauthenticatedError(message);
    case CURLE_WRITE_ERROR:
      return absl::UnknownError(
          absl::StrCat(url, ": the answer is larger than ", kMaxAnswerBytes, " bytes"));
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return absl::UnknownError(message);
    default:
      return absl::UnavailableError(message);
  }
}

class CurlWitness : public HttpWitness {
 public:
  CurlWitness(const WitnessAddress& address, HttpWitnessOptions options)
      : url_(absl::StrCat(address.url, "/add-checkpoint")),
        loopback_(address.loopback),
        options_(std::move(options)),
        // Keeps the connection between questions.
        multi_(curl_multi_init()) {}

  ~CurlWitness() override {
    const PipeSignalBlock no_signal;  // it says good-bye on connections that it kept
    curl_multi_cleanup(multi_);
  }

  bool good() const { return multi_ != nullptr; }

  absl::StatusOr<audit::HttpAnswer> AddCheckpoint(absl::string_view body) override {
    const absl::MutexLock lock(&mutex_);
    const PipeSignalBlock no_signal;
    // The handle refers to the others, to its end.
    audit::HttpAnswer answer;
    std::array<char, CURL_ERROR_SIZE> error{};
    const Headers headers(MakeHeaders(), &curl_slist_free_all);
    const Easy easy(curl_easy_init(), &curl_easy_cleanup);
    if (easy == nullptr || headers == nullptr) return absl::ResourceExhaustedError("out of memory");
    SetUp(easy.get(), headers.get(), body, answer);
    curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, error.data());
    if (absl::Status done = Perform(easy.get(), error.data()); !done.ok()) return done;
    long status = 0;  // NOLINT(google-runtime-int): libcurl's type
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    const char* type = nullptr;
    curl_easy_getinfo(easy.get(), CURLINFO_CONTENT_TYPE, &type);
    if (type != nullptr) answer.content_type = type;
    return answer;
  }

  void Cancel() override {
    cancelled_ = true;
    curl_multi_wakeup(multi_);
  }

 private:
  static curl_slist* MakeHeaders() {
    curl_slist* all = curl_slist_append(nullptr, "Content-Type: text/plain; charset=utf-8");
    // Without it libcurl waits for leave to send what is more than a kilobyte.
    return all == nullptr ? nullptr : curl_slist_append(all, "Expect:");
  }

  void SetUp(CURL* easy, curl_slist* headers, absl::string_view body,
             audit::HttpAnswer& answer) const {
    curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    // Neither a cancellation nor the timeout waits for the thread that looks up the host's name: a
    // resolver that is silent would keep both for longer than they may take.
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "plumbline");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body.data());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &TakeBytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(absl::ToInt64Milliseconds(options_.timeout)));  // NOLINT
    curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                     static_cast<long>(CURL_SSLVERSION_TLSv1_2));  // NOLINT
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!options_.ca_file.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
      curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);  // these and no others
    }
    if (loopback_) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  }

  absl::Status Perform(CURL* easy, const char* error) {
    if (curl_multi_add_handle(multi_, easy) != CURLM_OK) {
      return absl::InternalError("libcurl takes no transfer");
    }
    absl::Status status = absl::CancelledError("the server stops");
    while (!cancelled_) {
      int running = 0;
      if (curl_multi_perform(multi_, &running) != CURLM_OK) {
        status = absl::InternalError("libcurl cannot go on");
        break;
      }
      if (running == 0) {
        status = ToStatus(ResultOf(easy), url_, error);
        break;
      }
      curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
    }
    curl_multi_remove_handle(multi_, easy);
    return status;
  }

  CURLcode ResultOf(CURL* easy) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg == CURLMSG_DONE && message->easy_handle == easy) {
        return message->data.result;
      }
    }
    return CURLE_RECV_ERROR;
  }

  const std::string url_;
  const bool loopback_;
  const HttpWitnessOptions options_;
  CURLM* const multi_;
  absl::Mutex mutex_;  // held while a question is under way
  std::atomic<bool> cancelled_{false};
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpWitness>> HttpWitness::Create(const WitnessAddress& address,
                                                                 HttpWitnessOptions options) {
  if (!InitializeCurl()) return absl::InternalError("libcurl cannot begin");
  auto witness = std::make_unique<CurlWitness>(address, std::move(options));
  if (!witness->good()) return absl::InternalError("libcurl cannot begin");
  return std::unique_ptr<HttpWitness>(std::move(witness));
}

}  // namespace plumbline::witness
