room(event ROOMS base)
