room(event ROOMS base LIBRARIES simdjson)
