"""Laws that hold for every sheet, one class a law."""
