room(feature ROOMS base event expr app)
