// The style sheet of a report, but for its charts (chart_style.h).
#pragma once

namespace resnet {

inline constexpr const char* kPageStyle = R"css(
:root { color-scheme: light dark; --back: #fff; --text: #1d2126; --soft: #5b6570; --grid: #e3e7eb; --mark: #fff3c9;
  --card: #f7f8fa; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171a; --text: #e4e7ea; --soft: #9aa5b0; --grid: #2b3138; --mark: #4a3f12; --card: #1b1f24; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 28px 20px 60px; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 24px; margin: 0 0 2px; }
h2 { font-size: 18px; margin: 34px 0 10px; }
p { margin: 0 0 12px; color: var(--soft); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 18px; }
figure { margin: 0; padding: 12px 14px 6px; background: var(--card); border: 1px solid var(--grid); border-radius: 8px; }
figcaption { font-weight: 600; }
figure > svg { display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 0 18px; list-style: none; margin: 2px 0 6px; padding: 0; font-size: 13px; color: var(--soft); }
.legend li { overflow-wrap: anywhere; }
.legend svg { margin-right: 6px; vertical-align: -1px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; padding-right: 22px; overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; font-size: 13px; }
td code { overflow-wrap: anywhere; }
code { font: 13px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
tr.differs td { background: var(--mark); }
.best { font-weight: 700; }
details { margin-top: 10px; } summary { cursor: pointer; color: var(--soft); }
)css";

}  // namespace resnet
