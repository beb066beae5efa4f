// What drawings that are files of their own have in common.
#pragma once

#include <string>

namespace resnet {

/// An SVG file with the colours of chart_style.h, light or dark as the reader's system is. `title` is escaped here, `body` is not.
std::string svg_document(const std::string& title, double width, double height, const std::string& body);
/// The heading, in the first 30 pixels.
std::string svg_title(const std::string& title, double x);
/// About how wide a label of the drawings' size is.
double svg_text_width(const std::string& text);

}  // namespace resnet
