// libyaml: the parser of what people edit (configuration, scenarios, front matter). Only its event parser is used; what
// an event means is decided in the room Notation.
#pragma once
#include <yaml.h>
