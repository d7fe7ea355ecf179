# A library of its own: services evaluate, only tools and activation run vignettes.
plumbline_library(NAME vignettes
  SRCS vignette_runner.cc
  DEPS plumbline_engine plumbline_ruleset plumbline_expr plumbline_proto absl::strings absl::time)
