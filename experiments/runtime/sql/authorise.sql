WITH $gate SELECT * FROM gate
