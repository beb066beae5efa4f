// The style of charts, in a page and in SVG files. Colours after Okabe and Ito's palette, which colour-blind readers can tell
// apart; on dark ground lighter ones of the same hues.
#pragma once

namespace resnet {

inline constexpr const char* kChartStyle = R"css(
.c0 { color: #0072b2; } .c1 { color: #d55e00; } .c2 { color: #009e73; } .c3 { color: #b5548c; }
.c4 { color: #b07c00; } .c5 { color: #3a9bd9; } .c6 { color: #7a5195; } .c7 { color: #5f6b77; }
svg text { font-size: 13px; fill: #4b5560; }
.line { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
.thin { stroke-width: 1.1; }
.mark { fill: currentColor; }
.grid { stroke: #e3e7eb; } .axis, .tick { stroke: #5b6570; } .level { stroke: #5b6570; stroke-dasharray: 1 3; }
@media (prefers-color-scheme: dark) {
  .c0 { color: #5bb4ec; } .c1 { color: #ff8a4c; } .c2 { color: #35cfa0; } .c3 { color: #e99ac8; }
  .c4 { color: #f0c24b; } .c5 { color: #a5dcff; } .c6 { color: #c3a1e0; } .c7 { color: #aab4be; }
  svg text { fill: #aab4be; } .grid { stroke: #2b3138; } .axis, .tick, .level { stroke: #9aa5b0; }
}
)css";

/// Only of files: a page has its own ground and headings.
inline constexpr const char* kSvgFileStyle = R"css(
svg { font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.ground { fill: #fff; } svg .name { fill: #1d2126; } .limit { fill: #1d2126; } svg .title { font-size: 15px; font-weight: 600; fill: #1d2126; }
@media (prefers-color-scheme: dark) { .ground { fill: #14171a; } svg .name, .limit { fill: #e4e7ea; } svg .title { fill: #e4e7ea; } }
)css";

}  // namespace resnet
