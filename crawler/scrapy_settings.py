"""The Scrapy project: settings of every spider, for `facades crawl`, `scrapy crawl` and `scrapy shell` alike."""

from crawler.user_agent import AGENT

BOT_NAME = "facades"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"

# Identity and politeness. Crawl-delay and Retry-After are minima, so delays have no jitter.
USER_AGENT = AGENT
DOWNLOAD_DELAY_JITTER = 0
RETRY_AFTER_MAX = 600.0
FIRST_BYTE_TIMEOUT = 20.0
REDIRECT_MAX_TIMES = 10
DOWNLOADER = "crawler.transport.downloader.ArchivingDownloader"
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.transport.robots.RobotsRule": 100,
    "crawler.transport.reservations.ReservationRule": 110,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "crawler.transport.throttle.RetryAndThrottle": 550,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "crawler.transport.redirects.ArchivedRedirects": 600,
    "crawler.transport.headers_only.HeadersOnly": 620,
    "crawler.transport.address_rule.AddressRule": 760,
}
EXTENSIONS = {"crawler.transport.hosts.Hosts": 0, "crawler.transport.host_files.HostFiles": 0}
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"  # the archive records it

# Safety.
TWISTED_DNS_RESOLVER = "crawler.transport.address_rule.PublicResolver"
DOWNLOAD_HANDLERS = {"data": None, "file": None, "ftp": None, "s3": None}
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_MAXSIZE = 20_000_000  # also of a body after decompression
DOWNLOAD_WARNSIZE = 0
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# A response depends on its URL only, today and at every replay: no cookies, no Referer, no meta refresh.
COOKIES_ENABLED = False
METAREFRESH_ENABLED = False
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
    "crawler.transport.redirects.NoReferer": 700,
}
URLLENGTH_LIMIT = 0  # it drops requests without a record
REQUEST_FINGERPRINTER_CLASS = "crawler.transport.fingerprint.ExactFingerprinter"

# Scrapy starts this many tasks for every response (0.3 s for 100): with its default of 100, a crawl of images takes
# three times as long.
CONCURRENT_ITEMS = 1
CONCURRENT_REQUESTS = 64  # of all hosts; requests that wait at one host leave room for the others
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"  # images in the order of their pages
LOG_LEVEL = "WARNING"
