room(store ROOMS base event stage LIBRARIES sqlite3 zstd)
