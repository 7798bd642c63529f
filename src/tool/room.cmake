find_package(ZLIB REQUIRED)
room(tool ROOMS base event expr app feature learn stage store link pattern host
     LIBRARIES ZLIB::ZLIB)
