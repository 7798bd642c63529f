find_library(FYAML NAMES fyaml REQUIRED)
room(app ROOMS base event expr LIBRARIES ${FYAML})

# The examples are the templates of `quintet new`.
set(QUINTET_TEMPLATES "")
foreach(name IN ITEMS blank fraud maintenance chargebacks)
  set(file ${CMAKE_SOURCE_DIR}/apps/${name}/app.yaml)
  file(READ ${file} text)
  string(APPEND QUINTET_TEMPLATES "      {\"${name}\", R\"yaml(${text})yaml\"},\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
endforeach()
configure_file(${CMAKE_SOURCE_DIR}/src/app/templates.cc.in ${CMAKE_BINARY_DIR}/app/templates.cc
               @ONLY)
target_sources(quintet_app PRIVATE ${CMAKE_BINARY_DIR}/app/templates.cc)

if(TARGET app_test)
  target_compile_definitions(app_test PRIVATE QUINTET_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
endif()
