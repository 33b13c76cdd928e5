"""Options flow in, what is there flows out as text: the verbs that change no published row."""
