// Follow one target with OpenVINO and nothing else, from the artifact that
// `fartrack-export --target openvino` wrote (FARTrack, sparse, any retention).
//
//   track ARTIFACT FRAMES X Y W H
//
// FRAMES holds three int32 (width, height, count), then the frames as RGB bytes.
// One line a frame: x y w h.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <numeric>
#include <openvino/openvino.hpp>
#include <string>
#include <vector>

using Bytes = std::vector<uint8_t>;
using Floats = std::vector<float>;

constexpr int kDim = 192, kSlots = 5, kBins = 600, kVocabulary = 605, kTokens = 49;
constexpr double kMargin = 10;

struct Box { double x, y, w, h; };
struct Frame { int width, height; const uint8_t* rgb; };
struct Crop { Bytes image; double cx, cy; int side; };

// Positions and fixed-point weights of OpenCV's 8-bit bilinear resize.
struct Tap { int first, second, w0, w1; };

std::vector<Tap> taps(int side, int size) {
  std::vector<Tap> result(size);
  const double scale = double(side) / size;
  for (int i = 0; i < size; ++i) {
    const float position = float((i + 0.5) * scale - 0.5);
    int first = int(std::floor(position));
    float fraction = position - first;
    if (first < 0 || first >= side - 1) fraction = 0;
    first = std::clamp(first, 0, side - 1);
    result[i] = {first, std::min(first + 1, side - 1),
                 int(std::lrint((1 - fraction) * 2048)), int(std::lrint(fraction * 2048))};
  }
  return result;
}

// A square window around a box; outside the frame it is black, and so is the frame's
// last row or column when the window touches it.
Crop crop(const Frame& frame, const Box& box, double factor, int size) {
  const int side = int(std::ceil(std::sqrt(box.w * box.h) * factor));
  const int left = int(std::nearbyint(box.x + 0.5 * box.w - side * 0.5));
  const int top = int(std::nearbyint(box.y + 0.5 * box.h - side * 0.5));
  const int right = left + side >= frame.width ? frame.width - 1 : left + side;
  const int bottom = top + side >= frame.height ? frame.height - 1 : top + side;
  auto pixel = [&](int row, int column, int channel) -> int {
    const int y = row + top, x = column + left;
    if (x < 0 || y < 0 || x >= right || y >= bottom) return 0;
    return frame.rgb[(size_t(y) * frame.width + x) * 3 + channel];
  };
  const auto t = taps(side, size);
  Crop result{Bytes(size_t(size) * size * 3), box.x + box.w / 2, box.y + box.h / 2, side};
  for (int r = 0; r < size; ++r)
    for (int c = 0; c < size; ++c)
      for (int k = 0; k < 3; ++k) {
        auto across = [&](int row) {
          return (pixel(row, t[c].first, k) * t[c].w0 + pixel(row, t[c].second, k) * t[c].w1) >> 4;
        };
        const int sum = ((across(t[r].first) * t[r].w0) >> 16) +
                        ((across(t[r].second) * t[r].w1) >> 16);
        result.image[(size_t(r) * size + c) * 3 + k] = uint8_t((sum + 2) >> 2);
      }
  return result;
}

// Mean of the expectation over the bins and of the highest entry, in units of the crop.
double coordinate(const float* logits) {
  const float highest = *std::max_element(logits, logits + kBins);
  double total = 0, mean = 0;
  for (int k = 0; k < kBins; ++k) {
    const double p = std::exp(double(logits[k]) - highest);
    total += p;
    mean += p * (k / 300.0 - 0.5);
  }
  const auto best = std::max_element(logits, logits + kVocabulary) - logits;
  return (mean / total + (best + 0.5) / 299.0 - 0.5) / 2;
}

Box clipped(double x0, double y0, double x1, double y1, int width, int height) {
  auto low = [](double v, double size) { return std::min(std::max(0.0, v), size - kMargin); };
  auto high = [](double v, double size) { return std::min(std::max(kMargin, v), size); };
  const double left = low(x0, width), top = low(y0, height);
  return {left, top, std::max(kMargin, high(x1, width) - left),
          std::max(kMargin, high(y1, height) - top)};
}

class Tracker {
 public:
  Tracker(const std::string& folder, const Frame& frame, const Box& box) : box_(box) {
    ov::Core core;
    for (const char* name : {"first", "track"}) {
      auto model = core.read_model(folder + "/" + name + ".xml", folder + "/weights.bin");
      auto compiled = core.compile_model(
          model, "CPU", ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
          ov::hint::inference_precision(ov::element::f32));
      requests_.push_back(compiled.create_infer_request());
    }
    kept_ = int(requests_[1].get_tensor("kept").get_shape()[1]) / (kSlots - 1);
    newest_ = crop(frame, box, 2, 112).image;
  }

  Box track(const Frame& frame) {
    const Crop search = crop(frame, box_, 4, 224);
    auto& request = requests_[history_.empty() ? 0 : 1];
    fill(request, "search", search.image);
    fill(request, "newest", newest_);
    if (!history_.empty()) fill(request, "kept", older());
    request.infer();
    remember(request);
    const float* logits = request.get_tensor("logits").data<float>();
    double edge[4];
    for (int i = 0; i < 4; ++i) edge[i] = coordinate(logits + i * kVocabulary) * search.side;
    const double left = search.cx - search.side / 2.0, top = search.cy - search.side / 2.0;
    box_ = clipped(edge[0] + left, edge[1] + top, edge[2] + left, edge[3] + top, frame.width,
                   frame.height);
    newest_ = crop(frame, box_, 2, 112).image;
    return box_;
  }

 private:
  template <class T>
  static void fill(ov::InferRequest& request, const char* name, const std::vector<T>& values) {
    auto tensor = request.get_tensor(name);
    std::copy(values.begin(), values.end(), tensor.data<T>());
  }

  // Tokens of the older slots: the first entry, and others spread over the history.
  Floats older() const {
    Floats tokens;
    const int n = int(history_.size()) + 1;
    for (int slot = 0; slot < kSlots - 1; ++slot) {
      const int entry = n < kSlots ? std::max(0, slot - (kSlots - n))
                                   : int((n - 1) * (1 - std::pow(0.7, slot)));
      tokens.insert(tokens.end(), history_[entry].begin(), history_[entry].end());
    }
    return tokens;
  }

  // Keep the tokens of the newest template that the pass attended to most.
  void remember(ov::InferRequest& request) {
    const float* saliency = request.get_tensor("saliency").data<float>();
    const float* tokens = request.get_tensor("newest_tokens").data<float>();
    std::vector<int> order(kTokens);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return saliency[a] < saliency[b]; });
    std::vector<int> rows(order.end() - kept_, order.end());
    std::sort(rows.begin(), rows.end());
    Floats entry;
    for (int row : rows) entry.insert(entry.end(), tokens + row * kDim, tokens + (row + 1) * kDim);
    history_.push_back(entry);
  }

  std::vector<ov::InferRequest> requests_;
  std::vector<Floats> history_;
  Bytes newest_;
  Box box_;
  int kept_ = 0;
};

int main(int argc, char** argv) {
  if (argc != 7) {
    std::cerr << "usage: track ARTIFACT FRAMES X Y W H\n";
    return 2;
  }
  std::ifstream file(argv[2], std::ios::binary);
  int32_t header[3];
  if (!file.read(reinterpret_cast<char*>(header), sizeof header)) {
    std::cerr << "cannot read " << argv[2] << "\n";
    return 2;
  }
  Bytes rgb(size_t(header[0]) * header[1] * 3);
  Frame frame{header[0], header[1], rgb.data()};
  auto next = [&] { return bool(file.read(reinterpret_cast<char*>(rgb.data()), rgb.size())); };
  if (!next()) return 2;
  const Box box{std::stod(argv[3]), std::stod(argv[4]), std::stod(argv[5]), std::stod(argv[6])};
  Tracker tracker(argv[1], frame, box);
  while (next()) {
    const Box b = tracker.track(frame);
    std::printf("%.6f %.6f %.6f %.6f\n", b.x, b.y, b.w, b.h);
  }
}
