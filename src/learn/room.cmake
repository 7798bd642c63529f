room(learn ROOMS base)
if(TARGET learn_test)
  target_compile_definitions(learn_test PRIVATE
                             QUINTET_FIXTURES="${CMAKE_SOURCE_DIR}/test/fixtures/models")
endif()
# Training links libxgboost and is a program of its own: what serves never loads it.
add_subdirectory(${CMAKE_SOURCE_DIR}/src/learn/train)
