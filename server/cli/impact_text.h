// An impact report as tables, and the progress of a replay as a line.

#ifndef PLUMBLINE_SERVER_CLI_IMPACT_TEXT_H_
#define PLUMBLINE_SERVER_CLI_IMPACT_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "plumbline/v1/impact.pb.h"
#include "server/cli/command.h"

namespace plumbline::cli {

struct ImpactTextOptions {
  int width = 100;
  bool color = false;
  // Rules that are shown, most patients first; 0: all.
  int rules = 25;
};

std::string RenderImpact(const v1::ImpactReport& report, const ImpactTextOptions& options);

// "1,234,567".
std::string WithThousands(uint64_t number);

// Writes over itself on a terminal's error output; silent elsewhere. Gone when destroyed.
// Thread-compatible.
class ReplayProgressLine {
 public:
  explicit ReplayProgressLine(Environment& environment);
  ~ReplayProgressLine();
  void Show(uint64_t done, uint64_t total);

 private:
  Environment& environment_;
  const absl::Time begun_;
  absl::Time shown_at_;
  uint64_t first_ = 0;
  bool shown_ = false;
};

}  // namespace plumbline::cli

#endif  // PLUMBLINE_SERVER_CLI_IMPACT_TEXT_H_
