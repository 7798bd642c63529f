room(expr ROOMS base event)
if(TARGET expr_test)
  target_compile_definitions(expr_test PRIVATE QUINTET_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
endif()
