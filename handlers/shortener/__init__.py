"""The shortener: the links API (`links_api`) and the redirect that emits clicks (`redirect`)."""
