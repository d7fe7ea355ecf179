// Asks a port where nobody listens: what counts is that it builds, links and runs.
#include <iostream>

#include "plumbline/client/triage_client.h"

int main() {
  plumbline::client::ClientOptions options;
  options.target = "127.0.0.1:1";
  options.deadline = std::chrono::milliseconds(500);
  const auto client = plumbline::client::MakeTriageClient(options);
  if (!client.ok()) {
    return 1;
  }
  plumbline::v1::EvaluateRequest request;
  request.mutable_intake()->mutable_person()->set_age_years(44);
  const auto response = (*client)->Evaluate(request);
  std::cout << (response.ok() ? "answered" : response.error().ToString()) << '\n';
  return response.ok() ? 1 : 0;
}
