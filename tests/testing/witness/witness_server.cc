#include "tests/testing/witness/witness_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace plumbline::testing {
namespace {

constexpr size_t kMaxQuestionBytes = 1 << 20;

void* MakeTls(const std::string& certificate, const std::string& key) {
  if (certificate.empty()) return nullptr;
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  const std::unique_ptr<BIO, decltype(&BIO_free)> cert_bio(
      BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size())), &BIO_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> key_bio(
      BIO_new_mem_buf(key.data(), static_cast<int>(key.size())), &BIO_free);
  X509* x509 = PEM_read_bio_X509(cert_bio.get(), nullptr, nullptr, nullptr);
  EVP_PKEY* private_key = PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr);
  EXPECT_EQ(SSL_CTX_use_certificate(context, x509), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context, private_key), 1);
  X509_free(x509);
  EVP_PKEY_free(private_key);
  return context;
}

}  // namespace

std::string HttpAnswerText(const audit::HttpAnswer& answer) {
  return absl::StrCat("HTTP/1.1 ", answer.status, " Told\r\nContent-Type: ", answer.content_type,
                      "\r\nContent-Length: ", answer.body.size(), "\r\nConnection: close\r\n\r\n",
                      answer.body);
}

// Bytes to and from the peer, with or without TLS.
struct WitnessServer::Connection {
  Connection(int socket_in, void* context) : socket(socket_in) {
    if (context == nullptr) return;
    tls = SSL_new(static_cast<SSL_CTX*>(context));
    SSL_set_fd(tls, socket);
    good = SSL_accept(tls) == 1;
  }
  ~Connection() {
    if (tls != nullptr) {
      if (good) SSL_shutdown(tls);
      SSL_free(tls);
    }
    close(socket);
  }

  // Bytes read; 0 or less: the end.
  int Read(char* bytes, size_t size) const {
    return tls != nullptr ? SSL_read(tls, bytes, static_cast<int>(size))
                          : static_cast<int>(recv(socket, bytes, size, 0));
  }
  void Write(const std::string& bytes) const {
    size_t done = 0;
    while (done < bytes.size()) {
      const int sent = tls != nullptr ? SSL_write(tls, bytes.data() + done,
                                                  static_cast<int>(bytes.size() - done))
                                      : static_cast<int>(send(socket, bytes.data() + done,
                                                              bytes.size() - done, MSG_NOSIGNAL));
      if (sent <= 0) return;  // the peer has heard enough
      done += static_cast<size_t>(sent);
    }
  }

  const int socket;
  SSL* tls = nullptr;
  bool good = true;
};

WitnessServer::WitnessServer(audit::FakeWitness* witness, const std::string& certificate,
                             const std::string& key)
    : tls_(MakeTls(certificate, key)), witness_(witness) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
  EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  EXPECT_EQ(pipe2(stop_, O_CLOEXEC), 0);
  thread_ = std::thread([this] { Run(); });
}

WitnessServer::~WitnessServer() {
  close(stop_[1]);  // wakes whoever waits
  thread_.join();
  close(stop_[0]);
  close(listener_);
  SSL_CTX_free(static_cast<SSL_CTX*>(tls_));
}

std::string WitnessServer::Url(const std::string& host) const {
  return absl::StrCat(tls_ == nullptr ? "http://" : "https://", host, ":", port_, "/prefix/");
}

void WitnessServer::SetWitness(audit::FakeWitness* witness) {
  const absl::MutexLock lock(&mutex_);
  witness_ = witness;
}

void WitnessServer::AnswerWith(RawAnswer answer) {
  const absl::MutexLock lock(&mutex_);
  answer_ = std::move(answer);
}

void WitnessServer::BeSilent() {
  const absl::MutexLock lock(&mutex_);
  silent_ = true;
}

int WitnessServer::questions() const {
  const absl::MutexLock lock(&mutex_);
  return questions_;
}

void WitnessServer::WaitForQuestions(int count) const {
  const absl::MutexLock lock(&mutex_);
  const auto enough = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return questions_ >= count; };
  mutex_.Await(absl::Condition(&enough));
}

std::string WitnessServer::last_head() const {
  const absl::MutexLock lock(&mutex_);
  return last_head_;
}

void WitnessServer::Run() {
  // OpenSSL writes to peers that have gone.
  sigset_t pipe_signal;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
  while (true) {
    pollfd waits[] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 && errno != EINTR) return;
    if (waits[1].revents != 0) return;
    if ((waits[0].revents & POLLIN) == 0) continue;
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket >= 0) Serve(socket);
  }
}

void WitnessServer::Serve(int socket) {
  // A peer that stalls must not keep a test from ending.
  const timeval patience{10, 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  Connection connection(socket, tls_);
  std::string head;
  std::string body;
  if (!connection.good || !ReadQuestion(connection, head, body)) return;
  bool silent = false;
  {
    const absl::MutexLock lock(&mutex_);
    ++questions_;
    last_head_ = head;
    silent = silent_;
  }
  if (silent) {
    WaitForPeer(socket);
  } else {
    connection.Write(AnswerTo(head, body));
  }
}

bool WitnessServer::ReadQuestion(Connection& connection, std::string& head,
                                 std::string& body) const {
  constexpr char kLength[] = "content-length: ";
  std::string all;
  size_t end = std::string::npos;
  size_t length = 0;
  char bytes[4096];
  while (end == std::string::npos || all.size() < end + length) {
    const int count = connection.Read(bytes, sizeof(bytes));
    if (count <= 0 || all.size() > kMaxQuestionBytes) return false;
    all.append(bytes, static_cast<size_t>(count));
    if (end != std::string::npos || all.find("\r\n\r\n") == std::string::npos) continue;
    end = all.find("\r\n\r\n") + 4;
    head = all.substr(0, end);
    std::string lower = head;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const size_t at = lower.find(kLength);
    if (at == std::string::npos) return false;
    const size_t from = at + sizeof(kLength) - 1;
    if (!absl::SimpleAtoi(head.substr(from, head.find('\r', from) - from), &length)) return false;
  }
  body = all.substr(end, length);
  return true;
}

std::string WitnessServer::AnswerTo(const std::string& head, const std::string& body) {
  RawAnswer other;
  audit::FakeWitness* witness = nullptr;
  {
    const absl::MutexLock lock(&mutex_);
    other = answer_;
    witness = witness_;
  }
  if (other != nullptr) return other();
  if (!absl::StartsWith(head, "POST /prefix/add-checkpoint HTTP/1.1\r\n")) {
    return HttpAnswerText({404, "text/plain", "no such page\n"});
  }
  const auto answer = witness->AddCheckpoint(body);
  return answer.ok() ? HttpAnswerText(*answer) : HttpAnswerText({500, "text/plain", "broken\n"});
}

void WitnessServer::WaitForPeer(int socket) const {
  pollfd waits[] = {{socket, POLLIN, 0}, {stop_[0], POLLIN, 0}};
  while (poll(waits, 2, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace plumbline::testing
