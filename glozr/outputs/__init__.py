"""Writing what leaves: instants, and tables as files for programs and for people.

A room describes a table (`tables`); a door asks `glozr.edge.downloads` for it as CSV (`csv_files`)
or as a workbook (`workbooks`).
"""
