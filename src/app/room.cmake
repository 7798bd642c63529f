find_library(FYAML NAMES fyaml REQUIRED)
room(app ROOMS base event expr LIBRARIES ${FYAML})
