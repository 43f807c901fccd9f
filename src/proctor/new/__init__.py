"""A task folder from a table as people have it: read, understood, checked, written; or refused, with line and cell."""

# From a file to a task folder
# ----------------------------
#   file, folder, data set -- sources --> Table                columns, rows with their lines, nothing converted
#   Table -- columns --> Layout                                which column is what: by name, then by content
#   cells -- option_cells --> options of each row              labels and separators taken away
#   cells -- answers --> golds of each row                     one form for the whole file
#   -- documents --> NewDocument                               what becomes a line of data/test.jsonl
#   -- checks --> remarks                                      what is worth knowing before anything is written
#   -- styles, folder, readme --> files
#
# Invariant: nothing is guessed that two readings could decide differently. Where two remain, an AmbiguityError names
# the flag that decides; the command asks where there is a terminal, and fails where there is none.
