room(pattern ROOMS base)
