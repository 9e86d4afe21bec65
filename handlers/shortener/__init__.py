"""The shortener: making and listing links (`links`) and following them (`redirect`)."""
