find_package(CLI11 REQUIRED)
room(cli ROOMS base event expr app feature learn stage store pattern host tool)
add_executable(quintet ${CMAKE_SOURCE_DIR}/src/cli/quintet_main.cc)
target_link_libraries(quintet PRIVATE quintet_cli CLI11::CLI11)
