#include "ControlPage.h"

// .incbin takes a file's bytes; __has_include makes the compiler note that this file depends on it.
#define FILE_BYTES(symbol, path)                                                                    \
    __asm__(".section .rodata\n.balign 16\n" #symbol ":\n.incbin \"" path "\"\n" #symbol "_end:\n.byte 0\n.previous\n"); \
    extern const unsigned char symbol[], symbol##_end[];

#if !__has_include("site/access.js")
#error "site/access.js is not there"
#endif
FILE_BYTES(page_access_js, "site/access.js")
#if !__has_include("site/api.js")
#error "site/api.js is not there"
#endif
FILE_BYTES(page_api_js, "site/api.js")
#if !__has_include("site/app.js")
#error "site/app.js is not there"
#endif
FILE_BYTES(page_app_js, "site/app.js")
#if !__has_include("site/chart.js")
#error "site/chart.js is not there"
#endif
FILE_BYTES(page_chart_js, "site/chart.js")
#if !__has_include("site/dom.js")
#error "site/dom.js is not there"
#endif
FILE_BYTES(page_dom_js, "site/dom.js")
#if !__has_include("site/events.js")
#error "site/events.js is not there"
#endif
FILE_BYTES(page_events_js, "site/events.js")
#if !__has_include("site/format.js")
#error "site/format.js is not there"
#endif
FILE_BYTES(page_format_js, "site/format.js")
#if !__has_include("site/frames.js")
#error "site/frames.js is not there"
#endif
FILE_BYTES(page_frames_js, "site/frames.js")
#if !__has_include("site/history.js")
#error "site/history.js is not there"
#endif
FILE_BYTES(page_history_js, "site/history.js")
#if !__has_include("site/icon.svg")
#error "site/icon.svg is not there"
#endif
FILE_BYTES(page_icon_svg, "site/icon.svg")
#if !__has_include("site/index.html")
#error "site/index.html is not there"
#endif
FILE_BYTES(page_index_html, "site/index.html")
#if !__has_include("site/live.js")
#error "site/live.js is not there"
#endif
FILE_BYTES(page_live_js, "site/live.js")
#if !__has_include("site/overview.js")
#error "site/overview.js is not there"
#endif
FILE_BYTES(page_overview_js, "site/overview.js")
#if !__has_include("site/packing.js")
#error "site/packing.js is not there"
#endif
FILE_BYTES(page_packing_js, "site/packing.js")
#if !__has_include("site/paint.js")
#error "site/paint.js is not there"
#endif
FILE_BYTES(page_paint_js, "site/paint.js")
#if !__has_include("site/ring.js")
#error "site/ring.js is not there"
#endif
FILE_BYTES(page_ring_js, "site/ring.js")
#if !__has_include("site/rows.js")
#error "site/rows.js is not there"
#endif
FILE_BYTES(page_rows_js, "site/rows.js")
#if !__has_include("site/sensor.js")
#error "site/sensor.js is not there"
#endif
FILE_BYTES(page_sensor_js, "site/sensor.js")
#if !__has_include("site/sensors.js")
#error "site/sensors.js is not there"
#endif
FILE_BYTES(page_sensors_js, "site/sensors.js")
#if !__has_include("site/signin.js")
#error "site/signin.js is not there"
#endif
FILE_BYTES(page_signin_js, "site/signin.js")
#if !__has_include("site/spark.js")
#error "site/spark.js is not there"
#endif
FILE_BYTES(page_spark_js, "site/spark.js")
#if !__has_include("site/style.css")
#error "site/style.css is not there"
#endif
FILE_BYTES(page_style_css, "site/style.css")

static const struct {
    const char *name;
    const unsigned char *begin, *end;
} files[] = {
    {"access.js", page_access_js, page_access_js_end},
    {"api.js", page_api_js, page_api_js_end},
    {"app.js", page_app_js, page_app_js_end},
    {"chart.js", page_chart_js, page_chart_js_end},
    {"dom.js", page_dom_js, page_dom_js_end},
    {"events.js", page_events_js, page_events_js_end},
    {"format.js", page_format_js, page_format_js_end},
    {"frames.js", page_frames_js, page_frames_js_end},
    {"history.js", page_history_js, page_history_js_end},
    {"icon.svg", page_icon_svg, page_icon_svg_end},
    {"index.html", page_index_html, page_index_html_end},
    {"live.js", page_live_js, page_live_js_end},
    {"overview.js", page_overview_js, page_overview_js_end},
    {"packing.js", page_packing_js, page_packing_js_end},
    {"paint.js", page_paint_js, page_paint_js_end},
    {"ring.js", page_ring_js, page_ring_js_end},
    {"rows.js", page_rows_js, page_rows_js_end},
    {"sensor.js", page_sensor_js, page_sensor_js_end},
    {"sensors.js", page_sensors_js, page_sensors_js_end},
    {"signin.js", page_signin_js, page_signin_js_end},
    {"spark.js", page_spark_js, page_spark_js_end},
    {"style.css", page_style_css, page_style_css_end},
};

const struct control_page_file *control_page_file(size_t index) {
    static _Thread_local struct control_page_file found;
    if (index >= sizeof files / sizeof *files) return NULL;
    found.name = files[index].name;
    found.bytes = files[index].begin;
    found.count = (size_t)(files[index].end - files[index].begin);
    return &found;
}
