find_package(PostgreSQL REQUIRED)
# Of stage only its interface is used, a header, so building the store does not wait for that room.
room(store ROOMS base event LIBRARIES sqlite3 zstd PostgreSQL::PostgreSQL)
