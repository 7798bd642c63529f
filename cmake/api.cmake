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
