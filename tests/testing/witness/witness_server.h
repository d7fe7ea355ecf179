// WitnessServer: a small witness (C2SP tlog-witness) over HTTP, on loopback.

#ifndef PLUMBLINE_TESTS_TESTING_WITNESS_WITNESS_SERVER_H_
#define PLUMBLINE_TESTS_TESTING_WITNESS_WITNESS_SERVER_H_

#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tests/testing/audit/fake_witness.h"

namespace plumbline::testing {

// What to send for a question; raw bytes of an HTTP answer, whatever they are.
using RawAnswer = std::function<std::string()>;

// Answers POST /prefix/add-checkpoint with what `witness` says, one connection at a time, each
// closed after its answer. Thread-safe. Borrows the witness; the destructor closes the port.
class WitnessServer {
 public:
  // `certificate` and `key` (PEM): speaks TLS. Fails the running test if it cannot listen.
  explicit WitnessServer(audit::FakeWitness* witness, const std::string& certificate = "",
                         const std::string& key = "");
  ~WitnessServer();
  WitnessServer(const WitnessServer&) = delete;
  WitnessServer& operator=(const WitnessServer&) = delete;

  // Submission prefix at `host`, with the port.
  std::string Url(const std::string& host = "127.0.0.1") const;

  // From now on another witness answers.
  void SetWitness(audit::FakeWitness* witness);
  // From now on this is sent in place of the witness's answer; null: the witness's again.
  void AnswerWith(RawAnswer answer);
  // From now on questions are read, and left without an answer until the peer goes.
  void BeSilent();

  // Questions that were read whole.
  int questions() const;
  // Waits until there were so many.
  void WaitForQuestions(int count) const;
  // First line and headers of the last one.
  std::string last_head() const;

 private:
  struct Connection;

  void Run();
  void Serve(int socket);
  bool ReadQuestion(Connection& connection, std::string& head, std::string& body) const;
  std::string AnswerTo(const std::string& head, const std::string& body);
  void WaitForPeer(int socket) const;

  int listener_ = -1;
  int stop_[2] = {-1, -1};
  int port_ = 0;
  void* tls_ = nullptr;  // SSL_CTX
  mutable absl::Mutex mutex_;
  audit::FakeWitness* witness_ ABSL_GUARDED_BY(mutex_);
  RawAnswer answer_ ABSL_GUARDED_BY(mutex_);
  bool silent_ ABSL_GUARDED_BY(mutex_) = false;
  int questions_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string last_head_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

// "HTTP/1.1 200 OK" with a body, whole.
std::string HttpAnswerText(const audit::HttpAnswer& answer);

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_WITNESS_WITNESS_SERVER_H_
