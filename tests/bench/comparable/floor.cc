#include "tests/bench/comparable/floor.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "floor.hpp"  // of the peers

namespace plumbline::bench {

struct Floor::Rep {
  Data data;
  Tree tree;
  std::vector<Intake> structs;
  std::vector<Tree::Tr> trace;
  Out out{};
};

Floor::Floor(const std::string& folder) : rep_(std::make_unique<Rep>()) {
  rep_->data = load_data(folder);
  std::ifstream rules(folder + "/rules.txt");
  rep_->tree.load(rules);
  rep_->trace.reserve(600);
  for (const Tree::Field& field : rep_->tree.fields) fields_.push_back({field.name, field.type});
  for (size_t i = 0; i < rep_->data.v.size(); ++i) {
    Intake row;
    load_row(rep_->data.v[i].data(), rep_->data.present[i], row);
    rep_->structs.push_back(row);
  }
}

Floor::~Floor() = default;

size_t Floor::intakes() const { return rep_->structs.size(); }

bool Floor::Has(size_t intake, size_t field) const {
  return ((rep_->data.present[intake] >> field) & 1) != 0;
}

int32_t Floor::Value(size_t intake, size_t field) const { return rep_->data.v[intake][field]; }

void Floor::RunByHand(size_t intake) { hand(rep_->structs[intake], rep_->out); }

void Floor::RunTree(size_t intake) {
  rep_->tree.eval(rep_->data.v[intake].data(), rep_->data.present[intake], rep_->out);
}

void Floor::RunTreeWithTrace(size_t intake) {
  rep_->tree.eval_trace(rep_->data.v[intake].data(), rep_->data.present[intake], rep_->out,
                        rep_->trace);
}

std::string Floor::Canonical() const { return canon(rep_->out); }

std::vector<std::string> Floor::ConditionNames() { return {std::begin(kCond), std::end(kCond)}; }

}  // namespace plumbline::bench
