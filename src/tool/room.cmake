find_package(ZLIB REQUIRED)
room(tool ROOMS base event expr app feature learn stage store pattern host
     LIBRARIES ZLIB::ZLIB)
