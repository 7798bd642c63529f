room(feature ROOMS base)
