#include "server/ruleset/probes.h"

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/ruleset/rule_fields.h"

namespace plumbline::ruleset {
namespace {

using expr::CheckedNode;
using expr::CheckedPtr;
using expr::NodeKind;
using google::protobuf::Message;

// Id of a message that has one; empty otherwise.
std::string IdOf(const Message& message) {
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldRole* role = FindFieldRole(*type->field(i));
    if (role != nullptr && role->role == Role::kId) {
      return message.GetReflection()->GetString(message, type->field(i));
    }
  }
  return "";
}

// Shared ownership of a part of the tree: CheckedExpr wants it, children have it anyway.
absl::Status AddLeaves(const CheckedPtr& node, NodeBuilder& nodes, Probe& probe) {
  if (IsComposite(*node)) {
    for (const CheckedPtr& child : node->children) {
      if (absl::Status status = AddLeaves(child, nodes, probe); !status.ok()) return status;
    }
    return absl::OkStatus();
  }
  absl::StatusOr<NodeId> outcome = nodes.AddPart(expr::CheckedExpr(node));
  if (!outcome.ok()) return outcome.status();
  probe.leaves.push_back({node.get(), *outcome});
  return absl::OkStatus();
}

}  // namespace

const Probe* Probes::Find(const ConditionName& name) const {
  for (const Probe& probe : conditions) {
    if (probe.name == name) return &probe;
  }
  return nullptr;
}

std::string DisplayName(const ConditionName& name) {
  return name.part.empty() ? name.rule_id : absl::StrCat(name.rule_id, " ", name.part);
}

absl::flat_hash_map<std::string, ConditionName> NameConditions(const v1::Ruleset& ruleset,
                                                               const Expressions& expressions) {
  std::map<std::string, std::string> ids;  // by path of the message
  WalkMessages(ruleset, [&ids](const Message& message, const std::string& path) {
    if (std::string id = IdOf(message); !path.empty() && !id.empty()) ids.emplace(path, id);
  });
  absl::flat_hash_map<std::string, ConditionName> names;
  for (const Expressions::Site& site : expressions.sites()) {
    if (absl::StartsWith(site.path, "questions[")) continue;
    std::string around = site.path;
    while (!around.empty() && ids.count(around) == 0) {
      const size_t dot = around.rfind('.');
      around.resize(dot == std::string::npos ? 0 : dot);
    }
    if (around.empty()) continue;
    std::string part = site.path.substr(around.size() + 1);
    if (part == "when" || part == "expression") part.clear();
    names.emplace(site.path, ConditionName{ids.at(around), std::move(part)});
  }
  return names;
}

bool IsComposite(const CheckedNode& node) {
  switch (node.kind) {
    case NodeKind::kLogic:
    case NodeKind::kAtLeast:
      return true;
    case NodeKind::kTernary:
      return node.static_type.ToType().kind == expr::Kind::kBool;
    case NodeKind::kUnary:
      return node.op == expr::Operator::kNot;
    default:
      return false;
  }
}

absl::Status MakeProbes(const v1::Ruleset& ruleset, const Expressions& expressions,
                        NodeBuilder& nodes, Probes& probes) {
  const auto names = NameConditions(ruleset, expressions);
  for (const Expressions::Site& site : expressions.sites()) {
    const auto name = names.find(site.path);
    const expr::CheckedExpr* checked = expressions.Find(site.path);
    if (name == names.end() || checked == nullptr || checked->type().kind != expr::Kind::kBool) {
      continue;
    }
    Probe probe;
    probe.path = site.path;
    probe.name = name->second;
    probe.expr = *checked;
    probe.outcome = nodes.At(site.path);
    // The root is shared like any other node: wrapping it costs no copy.
    const CheckedPtr root(std::shared_ptr<const void>(), &checked->root());
    absl::Status status;
    if (IsComposite(*root)) {
      for (const CheckedPtr& child : root->children) {
        status = AddLeaves(child, nodes, probe);
        if (!status.ok()) return status;
      }
    } else {
      probe.leaves.push_back({root.get(), probe.outcome});
    }
    if (absl::StartsWith(site.path, "terms[")) {
      probes.of_term.emplace(probe.name.rule_id, probes.conditions.size());
    }
    probes.conditions.push_back(std::move(probe));
  }
  return absl::OkStatus();
}

}  // namespace plumbline::ruleset
