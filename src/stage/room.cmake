# Rooms that are not there yet are left out, so that each can land by itself.
set(stage_rooms base event)
foreach(other IN ITEMS app feature learn)
  if(TARGET quintet_${other})
    list(APPEND stage_rooms ${other})
  endif()
endforeach()
room(stage ROOMS ${stage_rooms})
