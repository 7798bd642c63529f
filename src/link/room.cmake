room(link ROOMS base event LIBRARIES fmt::fmt Threads::Threads)
