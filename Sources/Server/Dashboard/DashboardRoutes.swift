internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// The pages for people. They are part of the binary, and load nothing from elsewhere.
struct DashboardRoutes: Sendable {
  var routes: [Route] {
    [
      page("/", PackageResources.index_html, "text/html; charset=utf-8"),
      page("/app.js", PackageResources.app_js, "text/javascript; charset=utf-8"),
      page("/page.js", PackageResources.page_js, "text/javascript; charset=utf-8"),
      page("/jobs.js", PackageResources.jobs_js, "text/javascript; charset=utf-8"),
      page("/submit.js", PackageResources.submit_js, "text/javascript; charset=utf-8"),
      page("/savepoints.js", PackageResources.savepoints_js, "text/javascript; charset=utf-8"),
      page("/analyses.js", PackageResources.analyses_js, "text/javascript; charset=utf-8"),
      page("/deadletters.js", PackageResources.deadletters_js, "text/javascript; charset=utf-8"),
      page("/journeys.js", PackageResources.journeys_js, "text/javascript; charset=utf-8"),
      page("/artifacts.js", PackageResources.artifacts_js, "text/javascript; charset=utf-8"),
      page("/capsules.js", PackageResources.capsules_js, "text/javascript; charset=utf-8"),
      page("/tap.js", PackageResources.tap_js, "text/javascript; charset=utf-8"),
      page("/graph.js", PackageResources.graph_js, "text/javascript; charset=utf-8"),
      page("/style.css", PackageResources.style_css, "text/css; charset=utf-8"),
    ]
  }

  private func page(_ path: String, _ bytes: [UInt8], _ type: String) -> Route {
    let body = ByteBuffer(bytes: bytes)
    return Route(.get, path, nil, "A page for people.", role: nil, isQuick: true, answers: [.text(type, "the page")]) { _, _ in
      var response = Response(status: .ok, body: .init(byteBuffer: body))
      response.headers[.contentType] = type
      response.headers[.cacheControl] = "no-cache"
      response.headers[.contentSecurityPolicy] =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
      response.headers[.xContentTypeOptions] = "nosniff"
      return response
    }
  }
}
