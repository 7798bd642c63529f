# cmake -DFROM=file -DTO=file.cc -P embed.cmake: the bytes of the set of descriptors as a function.
file(READ ${FROM} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "((0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,))" "\\1\n" bytes
       "${bytes}")
file(WRITE ${TO} "#include <quintet/v1/descriptors.h>

namespace quintet {

static constexpr unsigned char kBytes[] = {
${bytes}};

std::string_view api_descriptors() {
  return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};
}

}  // namespace quintet
")
