find_package(Boost 1.81 REQUIRED)
room(host ROOMS base event expr app feature learn stage store link pattern LIBRARIES Boost::headers simdjson OpenSSL::SSL OpenSSL::Crypto fmt::fmt
     Threads::Threads)
