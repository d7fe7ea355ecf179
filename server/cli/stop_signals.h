// StopSignals: SIGTERM and SIGINT, taken by waiting instead of by a handler.

#ifndef PLUMBLINE_SERVER_CLI_STOP_SIGNALS_H_
#define PLUMBLINE_SERVER_CLI_STOP_SIGNALS_H_

#include <pthread.h>

#include <csignal>
#include <ctime>

namespace plumbline::cli {

// Blocks the signals for this thread and all that it starts afterwards.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // a closed log must not end the server
    std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is a full disk, which has its own end
  }

  // 0 if none came within a tenth of a second.
  int Poll() const {
    const timespec tenth{0, 100'000'000};
    const int signal = sigtimedwait(&set_, nullptr, &tenth);
    return signal > 0 ? signal : 0;
  }

 private:
  sigset_t set_;
};

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_STOP_SIGNALS_H_
