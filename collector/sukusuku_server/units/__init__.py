"""From readings to what people ask: how full is it really, when was it emptied, when will it be full. Pure."""
