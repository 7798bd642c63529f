room(learn ROOMS base)
# Training links libxgboost and is a program of its own: what serves never loads it.
add_subdirectory(${CMAKE_SOURCE_DIR}/src/learn/train)
