// QueryOf().Kinds({1}).Caller("clinic"): an IndexQuery in one line.

#ifndef PLUMBLINE_TESTS_TESTING_STORE_QUERY_BUILDER_H_
#define PLUMBLINE_TESTS_TESTING_STORE_QUERY_BUILDER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "server/store/store.h"

namespace plumbline::testing {

class QueryOf : public store::IndexQuery {
 public:
  QueryOf&& From(int64_t us) && { return Set(from_us, us); }
  QueryOf&& Until(int64_t us) && { return Set(until_us, us); }
  QueryOf&& Kinds(std::vector<int> values) && { return Set(kinds, std::move(values)); }
  QueryOf&& Levels(std::vector<int> values) && { return Set(levels, std::move(values)); }
  QueryOf&& Revision(std::string prefix) && { return Set(revision_prefix, std::move(prefix)); }
  QueryOf&& Rule(std::string id) && { return Set(rule_id, std::move(id)); }
  QueryOf&& Caller(std::string name) && { return Set(caller, std::move(name)); }
  QueryOf&& Patient(std::string key) && { return Set(patient_key, std::move(key)); }
  QueryOf&& Request(std::string key) && { return Set(request_key, std::move(key)); }
  QueryOf&& Before(uint64_t index) && { return Set(before_index, index); }

 private:
  template <typename Member, typename Value>
  QueryOf&& Set(Member& member, Value value) {
    member = std::move(value);
    return std::move(*this);
  }
};

}  // namespace plumbline::testing

#endif  // PLUMBLINE_TESTS_TESTING_STORE_QUERY_BUILDER_H_
