room(stage ROOMS base event expr app feature learn)
