room(expr ROOMS base event)
