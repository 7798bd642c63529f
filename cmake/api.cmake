# The messages that services say to each other, from api/quintet/v1/*.proto, as the library
# quintet_api. Made by protoc in the build tree.
find_package(Protobuf REQUIRED)
set(api_dir ${CMAKE_BINARY_DIR}/api)
file(MAKE_DIRECTORY ${api_dir})
file(GLOB protos CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/api/quintet/v1/*.proto)
foreach(proto IN LISTS protos)
  get_filename_component(name ${proto} NAME_WE)
  set(made ${api_dir}/quintet/v1/${name}.pb.cc ${api_dir}/quintet/v1/${name}.pb.h)
  add_custom_command(OUTPUT ${made}
                     COMMAND protobuf::protoc -I ${CMAKE_SOURCE_DIR}/api --cpp_out ${api_dir}
                             ${proto}
                     DEPENDS ${protos} protobuf::protoc COMMENT "Messages of ${name}.proto")
  list(APPEND api_sources ${made})
endforeach()
add_library(quintet_api STATIC ${api_sources})
target_include_directories(quintet_api SYSTEM PUBLIC ${api_dir})
target_compile_options(quintet_api PRIVATE -w)
target_link_libraries(quintet_api PUBLIC protobuf::libprotobuf)

# All that api/ describes as one FileDescriptorSet in the program, for reflection:
# quintet::api_descriptors() of <quintet/v1/descriptors.h>.
file(GLOB_RECURSE described CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/api/*.proto)
file(WRITE ${api_dir}/quintet/v1/descriptors.h.new "#pragma once
#include <string_view>
namespace quintet {
std::string_view api_descriptors();
}
")
file(COPY_FILE ${api_dir}/quintet/v1/descriptors.h.new ${api_dir}/quintet/v1/descriptors.h
     ONLY_IF_DIFFERENT)
add_custom_command(OUTPUT ${api_dir}/descriptors.cc
                   COMMAND protobuf::protoc -I ${CMAKE_SOURCE_DIR}/api --include_imports
                           --descriptor_set_out ${api_dir}/descriptors.pb ${described}
                   COMMAND ${CMAKE_COMMAND} -DFROM=${api_dir}/descriptors.pb
                           -DTO=${api_dir}/descriptors.cc -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
                   DEPENDS ${described} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake protobuf::protoc
                   COMMENT "Descriptors of api/")
add_library(quintet_descriptors STATIC ${api_dir}/descriptors.cc)
target_include_directories(quintet_descriptors SYSTEM PUBLIC ${api_dir})
