// In place of Protocol Buffers' own header, in builds with ThreadSanitizer against an installed
// library that is not instrumented.
//
// The original gives every map field two more members where ThreadSanitizer compiles: messages with
// maps then have another layout than in the library, and reading one crashes. This hides the
// sanitizer from that one header.

// No guard here: the original has one. A system header, because #include_next is an extension.
#pragma GCC system_header

#pragma push_macro("__SANITIZE_THREAD__")
#undef __SANITIZE_THREAD__
#include_next <google/protobuf/map_field.h>
#pragma pop_macro("__SANITIZE_THREAD__")
