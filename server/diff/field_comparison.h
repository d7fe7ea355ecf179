// What differs between two messages of the same type, field by field, as the table of fields.h
// says.

#ifndef PLUMBLINE_SERVER_DIFF_FIELD_COMPARISON_H_
#define PLUMBLINE_SERVER_DIFF_FIELD_COMPARISON_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/diff/fields.h"
#include "server/diff/side.h"

namespace plumbline::diff {

struct Difference {
  std::string path;  // inside the element: "on_indeterminate.when", "doses[1].reps"
  std::string old_value;
  std::string new_value;
  Weight weight = Weight::kRecord;
  // The difference in plain words, without the path.
  std::string words;
};

// Where a message stands: in the ruleset of its side.
struct Placed {
  const google::protobuf::Message& message;
  std::string path;
};

// Thread-compatible; refers to both sides, which must outlive it.
class FieldComparison {
 public:
  FieldComparison(const Side& from, const Side& to) : from_(from), to_(to) {}

  // Elements inside the messages are left out: they are compared on their own. A difference weighs
  // at most `most`.
  std::vector<Difference> Compare(const Placed& a, const Placed& b, Weight most);

 private:
  using Field = google::protobuf::FieldDescriptor;

  // A list with what its fields share.
  struct List {
    const Field& field;
    const Placed& a;
    const Placed& b;
    std::string path;  // inside the element
    Weight weight;
    Weight presence;
  };

  void CompareMessages(const Placed& a, const Placed& b, const std::string& path, Weight most);
  void CompareField(const Field& field, const Placed& a, const Placed& b, const std::string& path,
                    Weight most);
  void CompareValue(const Field& field, const Placed& a, const Placed& b, const std::string& path,
                    Weight weight, Weight presence);
  void CompareExpression(const Field& field, const Placed& a, const Placed& b,
                         const std::string& path, Weight weight);
  void CompareSet(const List& list);
  void CompareMessageSet(const List& list, const std::vector<int>& gone,
                         const std::vector<int>& come);
  void CompareSequence(const List& list);
  void CompareRun(const List& list, const std::vector<int>& gone, const std::vector<int>& come);
  void CompareEntries(const List& list, int old_index, int new_index, const std::string& path);
  void AddList(const List& list, const std::vector<int>& gone, const std::vector<int>& come);
  void AddEntry(const List& list, int index, bool is_new, const std::string& name);
  std::vector<std::string> Forms(const Side& side, const Field& field, const Placed& at) const;
  std::string ShownAll(const Side& side, const Field& field, const Placed& at,
                       const char* between) const;

  const Side& from_;
  const Side& to_;
  std::vector<Difference> found_;
};

// "`14` becomes `7`", "is now `7`", "is no longer `14`"; of long texts the part that differs.
std::string ValueWords(const std::string& old_value, const std::string& new_value);

}  // namespace plumbline::diff

#endif  // PLUMBLINE_SERVER_DIFF_FIELD_COMPARISON_H_
