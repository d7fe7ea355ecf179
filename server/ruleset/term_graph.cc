#include "server/ruleset/term_graph.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace plumbline::ruleset {
namespace {

using TermKind = TermKey::Kind;

bool IsNameStart(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsNamePart(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

class Graph {
 public:
  Graph(const v1::Ruleset& ruleset, Report& report) : report_(report) {
    AddNodes(ruleset);
    for (int i = 0; i < ruleset.terms_size(); ++i) {
      ReadFrom(nodes_by_term_[i], absl::StrCat("terms[", i, "].expression"),
               ruleset.terms(i).expression());
    }
    for (int i = 0; i < ruleset.conditions_size(); ++i) AddCondition(ruleset, i);
    for (int i = 0; i < ruleset.stages_size(); ++i) {
      const size_t node = stages_[i];
      ReadFrom(node, absl::StrCat("stages[", i, "].when"), ruleset.stages(i).when());
      if (i > 0) nodes_[node].reads.push_back(stages_[i - 1]);
    }
  }

  TermOrder Order() {
    for (size_t node = 0; node < nodes_.size(); ++node) Visit(node);
    TermOrder result;
    for (const size_t node : done_) {
      (nodes_[node].circular ? result.circular : result.order).push_back(nodes_[node].key);
    }
    return result;
  }

 private:
  enum class Mark { kNew, kOpen, kDone };
  struct Node {
    TermKey key;
    std::string path;
    std::vector<size_t> reads;
    size_t visited = 0;  // of `reads`
    Mark mark = Mark::kNew;
    bool circular = false;
  };

  size_t AddNode(TermKind kind, int index, std::string name, std::string path) {
    by_name_.try_emplace(name, nodes_.size());
    nodes_.push_back({TermKey{kind, index, std::move(name)}, std::move(path), {}});
    return nodes_.size() - 1;
  }

  void AddNodes(const v1::Ruleset& ruleset) {
    for (int i = 0; i < ruleset.terms_size(); ++i) {
      nodes_by_term_.push_back(AddNode(TermKind::kTerm, i, ruleset.terms(i).id(),
                                       absl::StrCat("terms[", i, "].expression")));
    }
    for (int i = 0; i < ruleset.conditions_size(); ++i) {
      const std::string& id = ruleset.conditions(i).id();
      const std::string path = absl::StrCat("conditions[", i, "]");
      suspected_.push_back(AddNode(TermKind::kSuspected, i, absl::StrCat("suspected.", id), path));
      likely_.push_back(AddNode(TermKind::kLikely, i, absl::StrCat("likely.", id), path));
    }
    for (int i = 0; i < ruleset.stages_size(); ++i) {
      stages_.push_back(AddNode(TermKind::kStage, i, absl::StrCat("stage.", ruleset.stages(i).id()),
                                absl::StrCat("stages[", i, "]")));
    }
  }

  void AddCondition(const v1::Ruleset& ruleset, int i) {
    const v1::ClinicalCondition& condition = ruleset.conditions(i);
    const std::string path = absl::StrCat("conditions[", i, "].");
    const size_t suspected = suspected_[i];
    ReadFrom(suspected, path + "required", condition.required());
    ReadFrom(suspected, path + "cancelled_when", condition.cancelled_when());
    for (int k = 0; k < condition.findings_size(); ++k) {
      ReadFrom(suspected, absl::StrCat(path, "findings[", k, "].when"),
               condition.findings(k).when());
    }
    ReadFrom(suspected, path + "possible_when", condition.possible_when());
    if (condition.residual()) {
      // Those after it never displace it.
      for (int k = 0; k < i; ++k) nodes_[suspected].reads.push_back(suspected_[k]);
    }
    ReadFrom(likely_[i], path + "likely_when", condition.likely_when());
    nodes_[likely_[i]].reads.push_back(suspected);
  }

  void ReadFrom(size_t node, const std::string& path, const std::string& text) {
    VisitNames(text, [&](absl::string_view name, size_t offset) {
      auto found = by_name_.find(name);
      if (found == by_name_.end()) found = by_name_.find(name.substr(0, name.find('.')));
      if (found == by_name_.end()) return;
      if (!ReadsLater(nodes_[node].key, nodes_[found->second].key, path, offset)) {
        nodes_[node].reads.push_back(found->second);
      }
    });
  }

  // The order of conditions and of stages is part of their meaning, so that it is checked by
  // itself.
  bool ReadsLater(const TermKey& reader, const TermKey& read, const std::string& path,
                  size_t offset) {
    const auto is_condition = [](const TermKey& key) {
      return key.kind == TermKind::kSuspected || key.kind == TermKind::kLikely;
    };
    if (read.index < reader.index) return false;
    if (is_condition(reader) && is_condition(read)) {
      report_.InText(Severity::kError, path, offset, "reads-later-condition",
                     absl::StrCat("`", read.name, "` does not stand before this condition"),
                     "a condition may read those before it only");
      return true;
    }
    if (reader.kind == TermKind::kStage && read.kind == TermKind::kStage) {
      report_.InText(Severity::kError, path, offset, "reads-later-stage",
                     absl::StrCat("`", read.name, "` does not stand before this stage"),
                     "a stage may read those before it only");
      return true;
    }
    return false;
  }

  // Depth first, with a stack of its own: a file can chain more terms than the machine stack holds.
  void Visit(size_t root) {
    if (nodes_[root].mark != Mark::kNew) return;
    Open(root);
    while (!open_.empty()) {
      Node& node = nodes_[open_.back()];
      if (node.visited == node.reads.size()) {
        node.mark = Mark::kDone;
        done_.push_back(open_.back());
        open_.pop_back();
        continue;
      }
      const size_t read = node.reads[node.visited++];
      if (nodes_[read].mark == Mark::kNew) {
        Open(read);
      } else if (nodes_[read].mark == Mark::kOpen) {
        ReportCircle(read);
      }
    }
  }

  void Open(size_t node) {
    nodes_[node].mark = Mark::kOpen;
    open_.push_back(node);
  }

  // The circle is the end of the path that is being followed.
  void ReportCircle(size_t node) {
    size_t first = open_.size();
    while (open_[first - 1] != node) --first;
    std::vector<std::string> names;
    bool known = false;
    for (size_t i = first - 1; i < open_.size(); ++i) {
      known = known || nodes_[open_[i]].circular;
      nodes_[open_[i]].circular = true;
      names.push_back(nodes_[open_[i]].key.name);
    }
    if (known) return;
    names.push_back(nodes_[node].key.name);
    report_.Error(
        nodes_[node].path, "term-cycle",
        absl::StrCat("these read each other in a circle: ", absl::StrJoin(names, " -> ")));
  }

  Report& report_;
  std::vector<Node> nodes_;
  std::map<std::string, size_t, std::less<>> by_name_;
  std::vector<size_t> nodes_by_term_;
  std::vector<size_t> suspected_;
  std::vector<size_t> likely_;
  std::vector<size_t> stages_;
  std::vector<size_t> open_;
  std::vector<size_t> done_;
};

}  // namespace

void VisitNames(absl::string_view expression,
                const std::function<void(absl::string_view, size_t)>& visit) {
  size_t at = 0;
  while (at < expression.size()) {
    const char c = expression[at];
    if (c == '"' || c == '\'') {
      for (++at; at < expression.size() && expression[at] != c; ++at) {
        if (expression[at] == '\\') ++at;
      }
      ++at;
    } else if (IsNameStart(c) && (at == 0 || !IsNamePart(expression[at - 1]))) {
      const size_t begin = at;
      while (at < expression.size() &&
             (IsNamePart(expression[at]) || (expression[at] == '.' && at + 1 < expression.size() &&
                                             IsNameStart(expression[at + 1])))) {
        ++at;
      }
      visit(expression.substr(begin, at - begin), begin);
    } else {
      ++at;
    }
  }
}

TermOrder OrderTerms(const v1::Ruleset& ruleset, Report& report) {
  return Graph(ruleset, report).Order();
}

}  // namespace plumbline::ruleset
