// EventSink: what a part tells the operator's log.
//
// Parts do not know that log; whoever puts them together hands them a sink.

#ifndef PLUMBLINE_SERVER_BASE_EVENT_SINK_H_
#define PLUMBLINE_SERVER_BASE_EVENT_SINK_H_

#include <functional>

#include "absl/strings/string_view.h"

namespace plumbline {

// `event` is a fixed name in kebab-case ("disk-nearly-full"); `detail` is one line for people,
// without patient data. May be null where a header says so.
using EventSink = std::function<void(absl::string_view event, absl::string_view detail)>;

}  // namespace plumbline

#endif  // PLUMBLINE_SERVER_BASE_EVENT_SINK_H_
