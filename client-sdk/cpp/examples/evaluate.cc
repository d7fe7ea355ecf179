#include <cstdlib>
#include <iostream>

#include "plumbline/client/triage_client.h"

int main(int argc, char** argv) {
  plumbline::client::ClientOptions options;
  options.target = argc > 1 ? argv[1] : "localhost:50051";
  auto client = plumbline::client::MakeTriageClient(options);
  if (!client.ok()) {
    std::cerr << client.error().ToString() << '\n';
    return EXIT_FAILURE;
  }

  plumbline::v1::EvaluateRequest request;
  request.mutable_as_of()->set_year(2026);
  request.mutable_as_of()->set_month(1);
  request.mutable_as_of()->set_day(15);
  auto& intake = *request.mutable_intake();
  intake.mutable_person()->set_age_years(44);
  intake.mutable_leg_nerve_cord()->set_leg_pain(plumbline::v1::LEG_PAIN_BELOW_KNEE);
  intake.mutable_cauda_equina()->set_ces_saddle(plumbline::v1::TRI_NO);

  const auto response = (*client)->Evaluate(request);
  if (!response.ok()) {
    std::cerr << response.error().ToString() << '\n';
    for (const auto& violation : response.error().field_violations) {
      std::cerr << "  " << violation.field << ": " << violation.description << '\n';
    }
    return EXIT_FAILURE;
  }
  std::cout << response->decision().disposition().level_title() << '\n';
  for (const auto& prescription : response->decision().programme()) {
    std::cout << prescription.rank() << ". " << prescription.name() << ": "
              << prescription.dose().text() << '\n';
  }
  return EXIT_SUCCESS;
}
