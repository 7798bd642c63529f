find_package(Boost 1.81 REQUIRED)
room(host ROOMS base event expr app feature learn stage store link pattern
     LIBRARIES Boost::headers simdjson OpenSSL::SSL OpenSSL::Crypto fmt::fmt
     Threads::Threads quintet_api quintet_descriptors)
# Boost.Optional looks uninitialized to g++ 12 when a sanitizer is on.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/host/http_parser.cc PROPERTIES
                            COMPILE_OPTIONS -Wno-maybe-uninitialized)
